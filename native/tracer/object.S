/* The compiled BPF programs, as bytes in this program. */
	.section .rodata
	.balign 8
	.global object_start, object_end
object_start:
	.incbin TLAB_BPF_OBJECT
object_end:
	.section .note.GNU-stack,"",@progbits
